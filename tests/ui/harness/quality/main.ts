// The quality components by themselves, on made-up people: `#full`, `#one`, `#empty` or `#long`.
import { mount } from "svelte";
import "../../../../src/ui/tokens.css";
import "../../../../src/ui/base.css";
import Story from "./Story.svelte";

const target = document.getElementById("app");
if (target === null) throw new Error('index.html: expected an element with the id "app".');
mount(Story, { target, props: { state: location.hash.slice(1) } });
