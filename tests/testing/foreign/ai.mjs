// node ai.mjs <package of ai> <package of its xai provider> <chat | responses> [errors ...]
import { z } from "zod";

import { apiKey, baseURL, gathered, step } from "./steps.mjs";

const [library, provider, dialect, ...troubles] = process.argv.slice(2);
const { Output, generateObject, generateText, stepCountIs, streamObject, streamText, tool } = await import(library);
const { createXai } = await import(provider);

globalThis.AI_SDK_LOG_WARNINGS = false;
const xai = createXai({ apiKey, baseURL });
const model = xai[dialect]("grok-4.7");
const Person = z.object({ name: z.string(), age: z.number().int() });
const quietly = { maxRetries: 0, onError: () => {} };

function weather(asked) {
  return tool({
    description: "The weather in a city",
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => (asked.push(city), "rain"),
  });
}

await step("plain", async () => {
  const { text, finishReason, usage } = await generateText({ model, prompt: "What is 6*7?" });
  return { text, finish: finishReason, tokens: [usage.inputTokens, usage.outputTokens] };
});

await step("streamed", async () => {
  const stream = streamText({ model, prompt: "Count to 5" });
  const pieces = await gathered(stream.textStream);
  return { text: pieces.join(""), pieces: pieces.length, finish: await stream.finishReason, tokens: (await stream.usage).outputTokens };
});

await step("reasoning", async () => {
  const stream = streamText({ model: xai[dialect]("grok-4.3"), prompt: "thinks aloud" });
  const parts = await gathered(stream.fullStream);
  return { kinds: [...new Set(parts.map((part) => part.type))], reasoning: await stream.reasoningText, text: await stream.text };
});

await step("tools", async () => {
  const asked = [];
  const { text, steps } = await generateText({
    model,
    prompt: "What is the weather in Oslo?",
    tools: { weather: weather(asked) },
    stopWhen: stepCountIs(3),
  });
  return { asked, text, steps: steps.length };
});

await step("streamed tools", async () => {
  const asked = [];
  const stream = streamText({
    model,
    prompt: "What is the weather in Oslo?",
    tools: { weather: weather(asked) },
    stopWhen: stepCountIs(3),
  });
  return { asked, text: (await gathered(stream.textStream)).join("") };
});

await step("structured", async () => {
  const { output } = await generateText({ model, prompt: "Ada Lovelace is 36", output: Output.object({ schema: Person }) });
  return output;
});

await step("structured by generateObject", async () => {
  const { object } = await generateObject({ model, prompt: "Ada Lovelace is 36", schema: Person });
  return object;
});

await step("structured by streamObject", async () => {
  const stream = streamObject({ model, prompt: "Ada Lovelace is 36", schema: Person });
  const partial = await gathered(stream.partialObjectStream);
  return { partials: partial.length > 1, object: await stream.object };
});

await step("sources", async () => {
  const search =
    dialect === "responses"
      ? { tools: { web_search: xai.tools.webSearch() } }
      : { providerOptions: { xai: { searchParameters: { mode: "on" } } } };
  const { sources, text } = await generateText({ model, prompt: "is sourced", ...search });
  return { text, urls: sources.map((source) => source.url) };
});

await step("seen image", async () => {
  const image = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
  const content = [{ type: "text", text: "What is 1+1?" }, { type: "image", image, mediaType: "image/png" }];
  return (await generateText({ model, messages: [{ role: "user", content }] })).text;
});

for (const trouble of troubles) {
  await step(`fails with ${trouble}`, () => generateText({ model, prompt: `fails with ${trouble}`, ...quietly }));
}

await step("wrong key", () =>
  generateText({ model: createXai({ apiKey: "xai-wrong", baseURL })[dialect]("grok-4.7"), prompt: "Hi", ...quietly }),
);

await step("unknown model", () => generateText({ model: xai[dialect]("grok-0"), prompt: "Hi", ...quietly }));

await step("error in mid-stream", async () => {
  const stream = streamText({ model, prompt: "breaks in the middle", ...quietly });
  const parts = await gathered(stream.fullStream);
  const broken = parts.find((part) => part.type === "error");
  return { text: parts.some((part) => part.type === "text-delta"), error: String(broken?.error?.message ?? broken?.error ?? "") };
});

await step("cut in mid-stream", async () => {
  const parts = await gathered(streamText({ model, prompt: "is cut", ...quietly }).fullStream);
  const broken = parts.find((part) => part.type === "error");
  return String(broken?.error?.message ?? broken?.error ?? "");
});
