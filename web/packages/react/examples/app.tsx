import { createRoot } from "react-dom/client";
import { Dropzone, useDrayUpload } from "@dray/react";

function Uploads() {
  const { items, add, uploads, sent, bytes } = useDrayUpload({ url: "https://drive.example.com", token: "cp_pat_…" });
  return (
    <Dropzone onFiles={add} aria-label="Uploads">
      {({ open, isOver }) => (
        <>
          <button onClick={open}>{isOver ? "Let go" : "Choose files"}</button>
          <progress value={sent} max={bytes || 1} />
          <ul>
            {items.map((upload) => (
              <li key={upload.id}>
                {upload.file.name}: {upload.state}
                {upload.state === "uploading" && <button onClick={() => uploads.pause(upload)}>Pause</button>}
                {upload.state === "paused" && <button onClick={() => uploads.resume(upload)}>Resume</button>}
              </li>
            ))}
          </ul>
        </>
      )}
    </Dropzone>
  );
}

createRoot(document.getElementById("app")!).render(<Uploads />);
