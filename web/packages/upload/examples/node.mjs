import { createUploads } from "@dray/upload";
import { fromPath } from "@dray/upload/node";

const uploads = createUploads({ url: "https://drive.example.com", token: "cp_pat_…" });
const upload = uploads.add(await fromPath(process.argv[2]), { onConflict: "replace" });
for await (const { state, sent, size } of upload) console.error(state, sent, "of", size);
console.log((await upload.finished()).id);
