// What a client script tells the test: one JSON object on standard output, whatever happened.
// Settings come from the environment: LEXGATE_URL (no /v1), LEXGATE_KEY, MODEL, PROMPT. The scenario is the argument.

export const settings = {
  url: process.env.LEXGATE_URL,
  key: process.env.LEXGATE_KEY,
  model: process.env.MODEL ?? 'smollm2-135m',
  prompt: process.env.PROMPT ?? 'Say hello.',
};

export function governance(response) {
  return {
    flow: response.headers.get('lexgate-flow'),
    decision: response.headers.get('lexgate-decision'),
    grade: response.headers.get('lexgate-grade'),
  };
}

// Runs the scenario named on the command line. An error of the SDK is an outcome too: the class the SDK chose for it
// shows whether the refusal was said in the form that the SDK expects.
export async function tell(scenarios) {
  const name = process.argv[2];
  const scenario = scenarios[name];
  if (!scenario) {
    console.error(`scenarios: ${Object.keys(scenarios).join(' ')}`);
    process.exit(2);
  }
  let outcome;
  try {
    outcome = await scenario();
  } catch (error) {
    outcome = {
      error: {
        name: error.constructor.name,
        status: error.status ?? null,
        code: error.code ?? error.error?.error?.code ?? null,
        type: error.type ?? error.error?.error?.type ?? null,
        message: error.message,
        flow: error.headers?.get?.('lexgate-flow') ?? null,
      },
    };
  }
  process.stdout.write(JSON.stringify(outcome) + '\n');
}
