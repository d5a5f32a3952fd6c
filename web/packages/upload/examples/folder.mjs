import { createUploads } from "@dray/upload";
import { filesIn } from "@dray/upload/node";

const uploads = createUploads({ url: "https://drive.example.com", token: "cp_pat_…" });
uploads.on("failed", ({ file, note }) => console.error(`${file.name}: ${note}`));
const all = uploads.addAll(await filesIn(process.argv[2]));
await Promise.allSettled(all.map((upload) => upload.finished()));
console.log(uploads.totals.of.done, "of", all.length, "files");
