import OpenAI, { toFile } from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";

import { apiKey, baseURL, gathered, step } from "./steps.mjs";

const client = new OpenAI({ apiKey, baseURL, maxRetries: 0 });
const model = "grok-4.7";
const Person = z.object({ name: z.string(), age: z.number().int() });
const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const says = (content) => [{ role: "user", content }];

await step("plain", async () => {
  const completion = await client.chat.completions.create({ model, messages: says("What is 6*7?") });
  const { usage } = completion;
  return {
    text: completion.choices[0].message.content,
    finish: completion.choices[0].finish_reason,
    adds_up: usage.total_tokens === usage.prompt_tokens + usage.completion_tokens + usage.completion_tokens_details.reasoning_tokens,
    request: completion._request_id,
    id: completion.id,
  };
});

await step("streamed", async () => {
  const chunks = await gathered(
    await client.chat.completions.create({
      model,
      messages: says("Count to 5"),
      stream: true,
      stream_options: { include_usage: true },
    }),
  );
  return {
    text: chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""),
    finish: chunks.map((chunk) => chunk.choices[0]?.finish_reason).find(Boolean),
    usage: chunks.at(-1).usage.total_tokens > 0,
  };
});

await step("streamed with helpers", async () => {
  const stream = client.chat.completions.stream({ model, messages: says("2+2?") });
  return { text: (await stream.finalChatCompletion()).choices[0].message.content };
});

await step("tools", async () => {
  const asked = [];
  const runner = client.chat.completions.runTools({
    model,
    messages: says("What is the weather in Oslo?"),
    tools: [
      {
        type: "function",
        function: {
          name: "weather",
          parameters,
          parse: JSON.parse,
          function: ({ city }) => (asked.push(city), "rain"),
        },
      },
    ],
  });
  return { asked, text: await runner.finalContent() };
});

await step("structured", async () => {
  const completion = await client.chat.completions.parse({
    model,
    messages: says("Ada Lovelace is 36"),
    response_format: zodResponseFormat(Person, "person"),
  });
  return completion.choices[0].message.parsed;
});

await step("response", async () => {
  const response = await client.responses.create({ model, input: "What is 2 + 2?" });
  return { text: response.output_text, status: response.status };
});

await step("streamed response", async () => {
  const events = await gathered(await client.responses.create({ model, input: "Count to 5", stream: true }));
  const deltas = events.filter((event) => event.type === "response.output_text.delta");
  return {
    text: deltas.map((event) => event.delta).join(""),
    first: events[0].type,
    last: events.at(-1).type,
    final: events.at(-1).response.output_text ?? events.at(-1).response.output.at(-1).content[0].text,
  };
});

await step("response with a tool", async () => {
  const tools = [{ type: "function", name: "weather", parameters, strict: true }];
  const asked = await client.responses.create({ model, input: "Weather in Oslo?", tools });
  const call = asked.output.find((item) => item.type === "function_call");
  const answer = await client.responses.create({
    model,
    previous_response_id: asked.id,
    input: [{ type: "function_call_output", call_id: call.call_id, output: "3 degrees" }],
    tools,
  });
  return { arguments: JSON.parse(call.arguments), text: answer.output_text };
});

await step("structured response", async () => {
  const response = await client.responses.parse({
    model,
    input: "Ada Lovelace is 36",
    text: { format: zodTextFormat(Person, "person") },
  });
  return response.output_parsed;
});

await step("files", async () => {
  const made = await client.files.create({
    file: await toFile(Buffer.from("Grüße, Welt\n"), "greeting.txt", { type: "text/plain" }),
    purpose: "assistants",
  });
  const listed = await gathered(await client.files.list());
  const found = await client.files.retrieve(made.id);
  const text = await (await client.files.content(made.id)).text();
  const gone = await client.files.delete(made.id);
  return {
    name: made.filename,
    bytes: found.bytes,
    listed: listed.map((file) => file.filename),
    text,
    deleted: gone.deleted,
    left: (await client.files.list()).data.length,
  };
});

await step("a file that is not there", () => client.files.retrieve("file_00000000-0000-4000-8000-000000000000"));

await step("models", async () => (await gathered(await client.models.list())).map((listed) => listed.id));

await step("embeddings", async () => {
  const made = await client.embeddings.create({ model: "v1", input: ["one", "two"] });
  return made.data.map((item) => item.embedding.length);
});

await step("image", async () => {
  const made = await client.images.generate({ model: "grok-imagine-image", prompt: "A fjord", response_format: "b64_json" });
  return [...Buffer.from(made.data[0].b64_json, "base64").subarray(0, 3)];
});

for (const trouble of process.argv.slice(2)) {
  await step(`fails with ${trouble}`, () =>
    client.chat.completions.create({ model, messages: says(`fails with ${trouble}`) }),
  );
}

await step("wrong key", () =>
  new OpenAI({ apiKey: "xai-wrong", baseURL, maxRetries: 0 }).chat.completions.create({ model, messages: says("Hi") }),
);

await step("cut in mid-stream", async () => {
  const stream = await client.chat.completions.create({ model, messages: says("is cut"), stream: true });
  return (await gathered(stream)).length;
});

await step("error in mid-stream", async () => {
  const stream = await client.chat.completions.create({ model, messages: says("breaks in the middle"), stream: true });
  return (await gathered(stream)).length;
});

await step("unavailable once", async () => {
  const patient = new OpenAI({ apiKey, baseURL, maxRetries: 1 });
  const completion = await patient.chat.completions.create({ model, messages: says("unavailable once") });
  return completion.choices[0].finish_reason;
});
