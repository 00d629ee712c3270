// Files for the person: names that every system accepts, and the browser's own save.

/** A file name of letters, digits, dots, dashes and underscores. */
export function fileName(stem: string, extension: string, date = new Date()): string {
  const safe = stem.replace(/[^A-Za-z0-9._-]+/g, "-");
  return `${safe}-${date.toISOString().slice(0, 10)}.${extension}`;
}

/** Saves bytes or text as a file through the browser. */
export function download(content: string | ArrayBuffer, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has the bytes once the click was handled.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
