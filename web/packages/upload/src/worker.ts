// The worker that computes checksums: it gets a blob and returns its CRC-64/NVME. The build embeds it into checksum.ts as text.

import { checksumBy, type Answer, type Checksum, type Question } from "./checksum-here.ts";
import { inWebAssembly } from "./crc64.ts";

const scope = globalThis as unknown as { onmessage: (event: MessageEvent<Question>) => void; postMessage: (answer: Answer) => void };
let checksum: Checksum | null = null;

scope.onmessage = ({ data: { id, blob, module } }) => {
  checksum ??= checksumBy(() => inWebAssembly(module));
  void checksum(blob).then(
    (crc) => scope.postMessage({ id, crc }),
    () => scope.postMessage({ id }),
  );
};
