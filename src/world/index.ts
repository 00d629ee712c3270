// The miniature world in one place: text generator, tokenizer, prompts, scorers and tastes.
export { corpusDocument, corpusStream, DOCUMENT_SHARES, MAX_DOCUMENT_TOKENS } from "./corpus.ts";
export type { DocumentType } from "./corpus.ts";
export type {
  Category,
  Constraint,
  Demonstration,
  Family,
  Gold,
  PromptRecord,
  Split,
} from "./prompt-types.ts";
export {
  CATEGORY_SHARES,
  MAX_PROMPT_WORDS,
  MAX_RESPONSE_TOKENS,
  demonstration,
  liveDemonstration,
  livePrompts,
  mythQuestions,
  promptOf,
} from "./prompts.ts";
export { Rng } from "./rng.ts";
export { TASTES, TasteError, tasteNamed, validateTaste } from "./tastes.ts";
export type { Taste } from "./tastes.ts";
export {
  EOS,
  INSTRUCTION,
  NL,
  PAD,
  RESPONSE,
  SPECIALS,
  UNK,
  buildTokenizer,
  render,
} from "./tokenizer.ts";
export type { ParsedText, Tokenizer, UnknownWord } from "./tokenizer.ts";
export { claimsIn } from "./claims.ts";
export type { Claim } from "./claims.ts";
export { grammatical, isFluent } from "./fluency.ts";
export { score } from "./scorers.ts";
export type { Attributes } from "./scorers.ts";
export {
  CHOICE_NOISE,
  GOLD_WEIGHTS,
  likert,
  noisyUtilities,
  personas,
  utility,
} from "./personas.ts";
export type { Persona, UtilityWeights } from "./personas.ts";
