// Mounts the page and starts loading; nothing else.
import { mount } from "svelte";
import { Play } from "./state/play.svelte.ts";
import App from "./ui/App.svelte";
import "./ui/tokens.css";
import "./ui/base.css";

const play = new Play();
play.settings.apply(document.documentElement);
void play.start();

const target = document.getElementById("app");
if (target === null) throw new Error('index.html: expected an element with the id "app".');
mount(App, { target, props: { play } });
