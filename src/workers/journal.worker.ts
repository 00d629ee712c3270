// The journal's worker: the only place that may write files of the browser's private file system at once.
import { expose } from "comlink";
import { JOURNAL_CHANNEL, JOURNAL_FOLDER } from "../storage/journal/segments.ts";
import type { Directory } from "../storage/journal/segments.ts";
import { JournalJob } from "./journal-job.ts";

/** The folder of the journal. @throws where the browser or the window offers no file system */
async function folder(): Promise<Directory> {
  const root = await navigator.storage.getDirectory();
  const directory = await root.getDirectoryHandle(JOURNAL_FOLDER, { create: true });
  return directory as unknown as Directory;
}

const job = new JournalJob(folder);
// Another tab erases everything; this one's file would be in its way.
new BroadcastChannel(JOURNAL_CHANNEL).onmessage = () => void job.close();
expose(job);
