import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import { createUploads, fromBlob } from "@dray/upload";

const uploads = createUploads({ url: "https://drive.example.com", token: "cp_pat_…" });
const [path] = process.argv.slice(2);
const upload = uploads.add(fromBlob(await openAsBlob(path), basename(path)), { onConflict: "replace" });
for await (const { state, sent, size } of upload) console.error(state, sent, "of", size);
console.log((await upload.finished()).id);
