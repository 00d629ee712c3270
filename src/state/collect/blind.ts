// Whether an answer gives away who wrote it, so that judging it is not blind.

/** Names of models and makers, and how assistants speak of themselves (after FastChat's list). */
const GIVES_AWAY =
  /\b(?:chatgpt|gpt-?[2-9]|openai|claude|anthropic|vicuna|alpaca|mistral|mixtral|qwen|deepseek|stablelm|large language model|ai language model|as an ai\b)/i;

export function namesItself(text: string): boolean {
  return GIVES_AWAY.test(text);
}
