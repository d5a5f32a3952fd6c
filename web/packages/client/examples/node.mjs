import { createClient, DrayError } from "@dray/client";

const drive = createClient({ url: "https://drive.example.com", token: "cp_pat_…" });
const folder = await drive.createFolder({ body: { name: "Invoices" }, idempotencyKey: "invoices-2026" });
const { items } = await drive.listChildren({ path: { id: "root" }, query: { sortBy: "name", limit: 100 } });
console.log(items.map(({ name }) => name).join("\n"));
try {
  await drive.getItem({ path: { id: "000000000000000000000000" } });
} catch (error) {
  if (!(error instanceof DrayError)) throw error;
  console.log(error.status, error.code);
}
await drive.trashItem({ path: { id: folder.id } });
