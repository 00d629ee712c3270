// The quality worker: computes statistics of rankings off the page's thread.
import { expose } from "comlink";
import { QualityJob } from "./quality-job.ts";

expose(new QualityJob());
