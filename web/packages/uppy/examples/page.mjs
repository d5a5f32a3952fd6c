import Uppy from "@uppy/core";
import DrayUploader from "@dray/uppy";

const uppy = new Uppy().use(DrayUploader, { url: "https://drive.example.com", token: "cp_pat_…" });

document.querySelector("input").addEventListener("change", async (event) => {
  for (const file of event.target.files) uppy.addFile({ name: file.name, type: file.type, data: file });
  const { successful, failed } = await uppy.upload();
  document.querySelector("output").value = `${successful.length} uploaded, ${failed.length} failed`;
});
