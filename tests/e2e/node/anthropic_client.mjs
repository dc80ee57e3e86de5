// The official Anthropic SDK for Node as a caller of Lexgate: `node anthropic_client.mjs chat|stream|tools|tools_stream|count`.

import Anthropic from '@anthropic-ai/sdk';
import { governance, settings, tell } from './outcome.mjs';

const client = new Anthropic({ baseURL: settings.url, apiKey: settings.key, maxRetries: 0, timeout: 120_000 });
const messages = [{ role: 'user', content: settings.prompt }];
const tools = [
  {
    name: 'look_up',
    description: 'Looks up one customer',
    input_schema: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
  },
];

function told(message) {
  return {
    text: message.content.filter((block) => block.type === 'text').map((block) => block.text).join(''),
    tool_calls: message.content
      .filter((block) => block.type === 'tool_use')
      .map((block) => ({ name: block.name, arguments: JSON.stringify(block.input) })),
    finish: message.stop_reason,
    usage: message.usage,
  };
}

async function whole(extra) {
  const { data, response } = await client.messages
    .create({ model: settings.model, messages, max_tokens: 64, ...extra })
    .withResponse();
  return { ...told(data), ...governance(response) };
}

async function streamed(extra) {
  const stream = client.messages.stream({ model: settings.model, messages, max_tokens: 64, ...extra });
  let chunks = 0;
  stream.on('streamEvent', () => { chunks += 1; });
  const { response } = await stream.withResponse();
  const message = await stream.finalMessage();
  return { ...told(message), chunks, ...governance(response) };
}

await tell({
  chat: () => whole({}),
  stream: () => streamed({}),
  tools: () => whole({ tools }),
  tools_stream: () => streamed({ tools }),
  count: async () => {
    const { data, response } = await client.messages.countTokens({ model: settings.model, messages }).withResponse();
    return { input_tokens: data.input_tokens, ...governance(response) };
  },
});
