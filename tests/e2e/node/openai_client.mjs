// The official OpenAI SDK for Node as a caller of Lexgate: `node openai_client.mjs chat|stream|tools|tools_stream|json|models`.

import OpenAI from 'openai';
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

await tell({
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
