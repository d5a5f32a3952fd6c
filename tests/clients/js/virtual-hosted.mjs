// What an application does with the AWS SDK for JavaScript in its default, virtual-hosted style: the bucket is in the host.
// Prints the result of each step as one line of JSON. The environment gives the store's address and keys.
import { createHash } from 'node:crypto';
import { Agent } from 'node:http';
import * as s3 from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';

const PART_BYTES = 5 * 1024 * 1024;
const Bucket = process.env.BUCKET;
const hosts = new Set();

// Names below localhost are this machine, even if its resolver does not know them (RFC 6761, 6.3).
const lookup = (host, options, done) => {
  hosts.add(host);
  options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
};
const client = new s3.S3Client({
  endpoint: process.env.ENDPOINT,
  region: process.env.REGION,
  maxAttempts: 1,
  requestHandler: new NodeHttpHandler({ httpAgent: new Agent({ keepAlive: true, lookup }) }),
});
const send = (Command, input = {}) => client.send(new s3[Command](input));
const refusal = (promise) => promise.then(() => 'taken', (error) => error.name);
const md5 = (bytes) => createHash('md5').update(bytes).digest('hex');

async function upload(Key, parts) {
  const { UploadId } = await send('CreateMultipartUploadCommand', { Bucket, Key });
  const Parts = [];
  for (const [at, Body] of parts.entries()) {
    const { ETag } = await send('UploadPartCommand', { Bucket, Key, UploadId, PartNumber: at + 1, Body });
    Parts.push({ PartNumber: at + 1, ETag });
  }
  await send('CompleteMultipartUploadCommand', { Bucket, Key, UploadId, MultipartUpload: { Parts } });
}

const said = {};
await send('CreateBucketCommand', { Bucket });
await send('PutObjectCommand', { Bucket, Key: 'dray/note.txt', Body: 'hello', Metadata: { title: 'plain' } });
await send('PutObjectCommand', { Bucket, Key: '/leading//slashes', Body: 'odd' });
await send('PutObjectCommand', { Bucket, Key: 'empty.txt', Body: Buffer.alloc(0) });
const big = [Buffer.alloc(PART_BYTES, 1), Buffer.from('end')];
await upload('public/v1/big', big);
const read = async (Key) => (await send('GetObjectCommand', { Bucket, Key })).Body;
said.note = await (await read('dray/note.txt')).transformToString();
said.bigIsWhole = md5(await (await read('public/v1/big')).transformToByteArray()) === md5(Buffer.concat(big));
said.title = (await send('HeadObjectCommand', { Bucket, Key: 'dray/note.txt' })).Metadata.title;
said.keys = (await send('ListObjectsV2Command', { Bucket })).Contents.map(({ Key }) => Key);
said.overwritten = await refusal(send('PutObjectCommand', { Bucket: 'dray', Key: 'note.txt', Body: 'evil' }));
said.evil = (await send('ListObjectsV2Command', { Bucket: 'dray', Prefix: 'note.txt' })).KeyCount;
await send('DeleteObjectsCommand', { Bucket, Delete: { Objects: said.keys.map((Key) => ({ Key })) } });
await send('DeleteBucketCommand', { Bucket });
said.afterwards = await refusal(send('ListObjectsV2Command', { Bucket }));
said.hosts = [...hosts].sort();
console.log(JSON.stringify(said));
