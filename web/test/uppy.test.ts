// Tests @dray/uppy with the real Uppy 4, 5 and 6 in Node, against the stand-in.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import Uppy4 from "uppy-core-4";
import Uppy5 from "uppy-core-5";
import Uppy6 from "uppy-core-6";
import { DrayUploader } from "../packages/uppy/src/index.ts";
import { apiError, StandIn } from "./stand-in.mjs";

let server: StandIn;

beforeEach(async () => {
  server = await new StandIn().start();
});
afterEach(() => server.stop());

/** An answer that comes when the test wants it. */
function held(): { until: Promise<undefined>; release: () => void } {
  let release = (): void => {};
  const until = new Promise<undefined>((resolve) => (release = () => resolve(undefined)));
  return { until, release };
}

const names = (plugin: DrayUploader): string[] => [...plugin.uploads.all].map(({ file, state }) => `${file.name} ${state}`);

for (const [version, Uppy] of [[4, Uppy4], [5, Uppy5], [6, Uppy6]] as const) {
  const uppyWith = (...files: string[]): { uppy: any; plugin: DrayUploader } => {
    const uppy: any = new Uppy();
    uppy.use(DrayUploader, { url: server.apiUrl, token: server.token });
    for (const name of files) uppy.addFile({ name, data: new Blob([name]) });
    return { uppy, plugin: uppy.getPlugin("DrayUploader") };
  };

  test(`uppy ${version}: a file that is cancelled while it becomes an item is moved to the trash, and nothing more is said of it`, async () => {
    const [arrived, finalize] = [held(), held()];
    const trashed = held();
    server.onApi = async (route) => {
      if (route === "/finalize") arrived.release();
      if (route === "/finalize") await finalize.until;
      if (route === "/abort") return apiError(409, "already_finalized", "It is finalized.");
      if (!/^\/drive\/files\/[0-9a-f]+$/.test(route)) return undefined;
      trashed.release();
      return { status: 204, body: "" };
    };
    const { uppy, plugin } = uppyWith("a.txt");
    const said: string[] = [];
    for (const event of ["upload-success", "upload-error"]) uppy.on(event, () => said.push(event));
    const ending = uppy.upload();
    await arrived.until;
    uppy.cancelAll();
    await ending;
    finalize.release();
    await trashed.until;
    assert.deepEqual([said, names(plugin)], [[], []]);
    assert.ok(server.log.some((line) => line.startsWith("DELETE /drive/files/")));
  });

  test(`uppy ${version}: a token that is set later counts`, async () => {
    const { uppy, plugin } = uppyWith("a.txt");
    server.token = "cp_pat_next";
    plugin.setOptions({ token: "cp_pat_next" });
    const { successful } = await uppy.upload();
    assert.equal(successful.length, 1);
  });

  test(`uppy ${version}: removing the plugin cancels what it was sending`, async () => {
    const put = held();
    server.onPut = () => put.until;
    const { uppy, plugin } = uppyWith("a.txt", "b.txt");
    void uppy.upload();
    await new Promise<void>((resolve) => plugin.uploads.on("change", () => [...plugin.uploads.all].every(({ session }) => session) && resolve()));
    uppy.removePlugin(plugin);
    await server.until("POST /abort", 2);
    put.release();
    assert.deepEqual([names(plugin), server.uploads.size], [[], 0]);
  });

  test(`uppy ${version}: what is uploaded does not stay in the engine's list`, async () => {
    const { uppy, plugin } = uppyWith("a.txt", "b.txt", "c.txt");
    const { successful } = await uppy.upload();
    assert.deepEqual([successful.length, names(plugin)], [3, []]);
  });
}
