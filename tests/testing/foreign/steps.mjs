// One JSON line a step: what it gave, or the error it ended with.

export const baseURL = process.env.SIMULATOR_URL;
export const apiKey = process.env.SIMULATOR_KEY;

export async function step(name, work) {
  console.log(JSON.stringify({ name, ...(await outcome(work)) }));
}

async function outcome(work) {
  try {
    return { value: (await work()) ?? null };
  } catch (error) {
    return {
      error: {
        class: error.constructor?.name,
        name: error.name,
        status: error.status ?? error.statusCode ?? null,
        code: error.code ?? null,
        retryable: error.isRetryable ?? null,
        message: String(error.message),
        body: error.responseBody ?? null,
      },
    };
  }
}

export async function gathered(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}
