// What @ai-sdk/xai has besides text: files, batches, images, videos, speech.
import {
  experimental_generateVideo as generateVideo,
  experimental_getBatchResults as getBatchResults,
  experimental_getBatchStatus as getBatchStatus,
  experimental_startBatch as startBatch,
  generateImage,
  generateSpeech,
  generateText,
  transcribe,
  uploadFile,
} from "ai";
import { createXai } from "@ai-sdk/xai";

import { apiKey, baseURL, gathered, step } from "./steps.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;
const xai = createXai({ apiKey, baseURL });
const files = xai.files();

await step("files", async () => {
  const uploaded = await uploadFile({
    api: files,
    data: Buffer.from("Grüße, Welt\n"),
    mediaType: "text/plain",
    filename: "greeting.txt",
  });
  const file = uploaded.providerReference;
  const content = [
    { type: "text", text: "What is 1+1?" },
    { type: "file", data: file, mediaType: "text/plain" },
  ];
  const { text } = await generateText({ model: xai.responses("grok-4.7"), messages: [{ role: "user", content }] });
  const found = await files.getFileMetadata({ file });
  const { content: body } = await files.downloadFile({ file });
  const { deleted } = await files.deleteFile({ file });
  return {
    name: found.filename,
    bytes: found.byteSize,
    text,
    content: Buffer.concat(await gathered(body)).toString(),
    deleted,
  };
});

await step("batch", async () => {
  const requests = ["What is 6*7?", "What is 2+2?"].map((prompt, number) => ({
    id: `number-${number}`,
    type: "text",
    model: "grok-4.7",
    prompt,
  }));
  const batch = await startBatch({ provider: xai, requests });
  for (let polls = 0; polls < 200 && (await getBatchStatus({ provider: xai, batch })).status === "pending"; polls++) {
    await new Promise((resume) => setTimeout(resume, 20));
  }
  const results = await gathered(getBatchResults({ provider: xai, batch }));
  return results.map(({ id, status, text }) => ({ id, status, text }));
});

await step("image", async () => {
  const { image } = await generateImage({ model: xai.image("grok-imagine-image"), prompt: "A fjord" });
  return [...image.uint8Array.subarray(0, 3)];
});

await step("video", async () => {
  const { video } = await generateVideo({
    model: xai.video("grok-imagine-video"),
    prompt: "A fjord",
    duration: 2,
    providerOptions: { xai: { pollIntervalMs: 10 } },
    download: loopback,
  });
  return { type: video.mediaType, box: Buffer.from(video.uint8Array.subarray(4, 8)).toString() };
});

await step("speech", async () => {
  const { audio } = await generateSpeech({ model: xai.speech(), text: "Hello", voice: "eve" });
  return { type: audio.mediaType, bytes: audio.uint8Array.length > 0 };
});

// The library's own download refuses addresses of this machine.
async function loopback({ url }) {
  const reply = await fetch(url);
  return { data: new Uint8Array(await reply.arrayBuffer()), mediaType: reply.headers.get("content-type") };
}

await step("transcript", async () => {
  const { audio } = await generateSpeech({ model: xai.speech(), text: "Hello", voice: "eve", outputFormat: "wav" });
  return (await transcribe({ model: xai.transcription(), audio: audio.uint8Array })).text;
});
