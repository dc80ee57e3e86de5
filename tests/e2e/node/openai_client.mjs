// The official OpenAI SDK for Node as a caller of Lexgate:
// `node openai_client.mjs chat|stream|tools|tools_stream|json|models|responses|responses_stream|responses_tools|…`.

import OpenAI, { toFile } from 'openai';
import { governance, settings, tell } from './outcome.mjs';

const client = new OpenAI({ baseURL: `${settings.url}/v1`, apiKey: settings.key, maxRetries: 0, timeout: 120_000 });
const messages = [{ role: 'user', content: settings.prompt }];
const tools = [
  {
    type: 'function',
    function: {
      name: 'look_up',
      description: 'Looks up one customer',
      parameters: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
    },
  },
];

async function whole(extra) {
  const { data, response } = await client.chat.completions
    .create({ model: settings.model, messages, max_tokens: 64, ...extra })
    .withResponse();
  const choice = data.choices[0];
  return {
    text: choice.message.content,
    tool_calls: (choice.message.tool_calls ?? []).map((call) => call.function),
    finish: choice.finish_reason,
    usage: data.usage,
    ...governance(response),
  };
}

async function streamed(extra) {
  const { data, response } = await client.chat.completions
    .create({
      model: settings.model, messages, max_tokens: 64, stream: true, stream_options: { include_usage: true }, ...extra,
    })
    .withResponse();
  const outcome = { text: '', tool_calls: [], finish: null, usage: null, chunks: 0, ...governance(response) };
  for await (const chunk of data) {
    outcome.chunks += 1;
    outcome.usage = chunk.usage ?? outcome.usage;
    const choice = chunk.choices[0];
    if (!choice) continue;
    outcome.text += choice.delta.content ?? '';
    outcome.finish = choice.finish_reason ?? outcome.finish;
    for (const call of choice.delta.tool_calls ?? []) {
      outcome.tool_calls[call.index] ??= { name: '', arguments: '' };
      outcome.tool_calls[call.index].name += call.function?.name ?? '';
      outcome.tool_calls[call.index].arguments += call.function?.arguments ?? '';
    }
  }
  return outcome;
}

const functions = tools.map(({ type, function: tool }) => ({ type, strict: false, ...tool }));

function toldResponse(response) {
  return {
    text: response.output_text,
    tool_calls: response.output.filter((item) => item.type === 'function_call'),
    finish: response.status,
    usage: response.usage,
  };
}

async function response(extra) {
  const { data, response: http } = await client.responses
    .create({ model: settings.model, input: settings.prompt, ...extra })
    .withResponse();
  return { ...toldResponse(data), ...governance(http) };
}

async function responseStreamed(extra) {
  const stream = client.responses.stream({ model: settings.model, input: settings.prompt, ...extra });
  let text = '';
  let chunks = 0;
  stream.on('event', (event) => {
    chunks += 1;
    if (event.type === 'response.output_text.delta') text += event.delta;
  });
  const final = await stream.finalResponse();
  const told = toldResponse(final);
  if (told.text !== text) throw new Error('the final response says something else than its deltas');
  return { ...told, chunks };
}

await tell({
  completion: async () => {
    const answer = await client.completions.create({ model: settings.model, prompt: settings.prompt, max_tokens: 400 });
    return { text: answer.choices[0].text, usage: answer.usage };
  },
  transcription: async () => {
    const file = await toFile(Buffer.from(`RIFF${settings.prompt}`), 'call.wav');
    const answer = await client.audio.transcriptions.create({ model: settings.model, file });
    return { text: answer.text, usage: answer.usage };
  },
  embedding: async () => {
    const answer = await client.embeddings.create({ model: settings.model, input: settings.prompt });
    return { numbers: answer.data[0].embedding.length, usage: answer.usage };
  },
  moderation: async () => {
    const answer = await client.moderations.create({ model: settings.model, input: settings.prompt });
    return { numbers: Object.keys(answer.results[0].category_scores).length };
  },
  picture: async () => {
    const { data, response: http } = await client.images
      .generate({ model: settings.model, prompt: settings.prompt, size: '512x512' })
      .withResponse();
    return { media: data.data[0].b64_json, ...governance(http) };
  },
  speech: async () => {
    const http = await client.audio.speech.create({
      model: settings.model, voice: 'en', input: settings.prompt, response_format: 'wav',
    });
    return { media: Buffer.from(await http.arrayBuffer()).toString('base64'), ...governance(http) };
  },
  responses: () => response({}),
  responses_stream: () => responseStreamed({}),
  responses_tools: () => response({ tools: functions }),
  responses_tools_stream: () => responseStreamed({ tools: functions }),
  chat: () => whole({}),
  stream: () => streamed({}),
  tools: () => whole({ tools, tool_choice: 'auto' }),
  tools_stream: () => streamed({ tools, tool_choice: 'auto' }),
  json: () => whole({ response_format: { type: 'json_object' } }),
  models: async () => {
    const { data, response } = await client.models.list().withResponse();
    return { models: data.data.map((model) => model.id), ...governance(response) };
  },
});
