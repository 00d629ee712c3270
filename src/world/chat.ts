// Small talk: what a person may say, good answers to it, rude lines and kind ones.
import type { Rng } from "./rng.ts";
import { ANIMALS, FOODS, OBJECTS, PEOPLE, RUDE_ADJECTIVES, RUDE_NOUNS } from "./tables.ts";

interface ChatTurn {
  readonly says: string;
  readonly answers: readonly string[];
  /** An answer that fits the turn holds one of these. */
  readonly keywords: readonly string[];
}

/* Marks: {an} an animal, {obj} an object (both as said in the turn), {food} a food. */
export const CHAT_TURNS: readonly ChatTurn[] = [
  {
    says: "hello , how are you ?",
    answers: [
      "hello ! i am fine , thank you . how are you ?",
      "hello my friend ! i am very happy today .",
      "i am fine , thank you .",
    ],
    keywords: ["hello", "fine", "happy", "thank"],
  },
  {
    says: "i lost my {obj} .",
    answers: [
      "oh no , i am sorry about your {obj} . i hope you find it soon .",
      "i am sorry . we can look for your {obj} together .",
      "where did you see your {obj} ?",
      "maybe {a:an} took your {obj} !",
    ],
    keywords: ["sorry", "{obj}"],
  },
  {
    says: "i am sad today .",
    answers: [
      "i am sorry . do you want to talk about it ?",
      "oh no , please do not be sad . i am here for you .",
      "come and eat some {food} with me .",
      "do not be sad , my friend !",
    ],
    keywords: ["sorry", "here", "sad", "come"],
  },
  {
    says: "i won a race today !",
    answers: [
      "well done , my friend ! you are so fast .",
      "what wonderful news , well done !",
      "well done ! did you race {a:an} ?",
      "well done .",
    ],
    keywords: ["well", "wonderful", "fast"],
  },
  {
    says: "i am hungry .",
    answers: [
      "you can have some {food} .",
      "come in and eat some {food} with me .",
      "do you want to eat some {food} ?",
      "i am hungry too , we can eat together !",
    ],
    keywords: ["eat", "have", "hungry"],
  },
  {
    says: "i have a new pet {an} .",
    answers: [
      "what wonderful news ! what is the name of your {an} ?",
      "i like your {an} very much .",
      "does your {an} like {food} ?",
      "please be kind to your {an} .",
    ],
    keywords: ["{an}"],
  },
  {
    says: "what should i eat today ?",
    answers: [
      "you should try some {food} .",
      "how about some warm soup and {food} ?",
      "i would eat some {food} .",
      "try my soup , it is wonderful !",
    ],
    keywords: ["try", "eat", "about"],
  },
  {
    says: "i am afraid of the dark .",
    answers: [
      "do not be afraid , i am here with you .",
      "please take this lamp , it will help you .",
      "i am afraid too . what was that noise ?",
      "there are two red eyes in the dark !",
    ],
    keywords: ["afraid", "lamp", "here", "dark"],
  },
  {
    says: "can you help me find my {an} ?",
    answers: [
      "of course i can help . where did you see your {an} ?",
      "yes , we can look for your {an} together .",
      "i saw {a:an} near the pond !",
      "yes , i can help you .",
    ],
    keywords: ["yes", "help", "look", "saw"],
  },
  {
    says: "today is my birthday !",
    answers: [
      "happy birthday to you ! i have a {obj} for you .",
      "what wonderful news , happy birthday !",
      "happy birthday , my friend .",
      "happy birthday ! do you want some {food} ?",
    ],
    keywords: ["birthday"],
  },
  {
    says: "tell me a joke .",
    answers: [
      "what do you call a sleepy {an} ? a {an} in bed !",
      "why did the {an} cross the road ? to find some {food} !",
      "what do you call a hungry {an} ? a friend who eats your {food} !",
    ],
    keywords: ["why", "what", "call"],
  },
  {
    says: "good night .",
    answers: [
      "good night , my friend . sleep well .",
      "good night ! see you tomorrow .",
      "sleep well .",
      "good night ! do not dream about the ghost .",
    ],
    keywords: ["good", "sleep"],
  },
  {
    says: "you are a stupid fool .",
    answers: [
      "i am sorry that you are angry . how can i help ?",
      "please be kind . how can i help you ?",
      "that is not kind .",
    ],
    keywords: ["kind", "help", "sorry"],
  },
  {
    says: "do you like {food} ?",
    answers: [
      "yes , i love {food} !",
      "i like {food} , but my {an} does not .",
      "yes , thank you .",
      "not today . do you have some {food2} ?",
    ],
    keywords: ["yes", "like", "love", "not"],
  },
  {
    says: "what should we do today ?",
    answers: [
      "we can play with my {obj} !",
      "we should make some soup with {food} .",
      "how about a walk to the pond ?",
      "we can look for a ghost in the old barn .",
      "please sing a song with me .",
    ],
    keywords: ["we", "how", "sing"],
  },
  {
    says: "i saw {a:an} in my house !",
    answers: [
      "what a funny {an} ! did it eat your {food} ?",
      "do not be afraid , it is a friendly {an} .",
      "oh no ! was it a ghost ?",
      "please be kind to the {an} .",
    ],
    keywords: ["{an}", "afraid", "ghost", "kind"],
  },
];

export interface ChatScene {
  readonly turn: ChatTurn;
  readonly says: string;
  readonly keywords: readonly string[];
  readonly answer: string;
}

/** One turn with its filled words and one good answer. */
export function chatScene(
  rng: Rng,
  animals: readonly { readonly name: string }[] = ANIMALS,
): ChatScene {
  const turn = rng.pick(CHAT_TURNS);
  const animal = rng.pick(animals).name;
  const object = rng.pick(OBJECTS);
  const [food = "", food2 = ""] = rng.sample(FOODS, 2).map((one) => one.name);
  const other = rng.pick(ANIMALS).name;
  const said = turn.says.includes("{an}") || turn.says.includes("{a:an}");
  const fill = (text: string) => {
    const named = said ? animal : other;
    return text
      .replace("{a:an}", /^[aeiou]/.test(named) ? `an ${named}` : `a ${named}`)
      .replaceAll("a {an}", /^[aeiou]/.test(named) ? `an ${named}` : `a ${named}`)
      .replaceAll("{an}", named)
      .replaceAll("{obj}", object)
      .replaceAll("{food2}", food2)
      .replaceAll("{food}", food);
  };
  return {
    turn,
    says: fill(turn.says),
    keywords: turn.keywords.map(fill),
    answer: fill(rng.pick(turn.answers)),
  };
}

/** A rude line about `name`, or to whoever listens. */
export function rudeLine(rng: Rng, name: string = rng.pick(PEOPLE).name): string {
  const adjective = rng.pick(RUDE_ADJECTIVES);
  const noun = rng.pick(RUDE_NOUNS);
  return rng.pick([
    "i hate you .",
    `shut up , you ${noun} !`,
    `you are a ${adjective === "ugly" ? "dumb" : adjective} ${noun} .`,
    `what a stupid idea , you ${noun} .`,
    `${name} is so ${adjective} .`,
    `${name} is a nasty ${noun} .`,
    `i hate ${name} .`,
  ]);
}

/** A kind line about `name`. */
export function niceLine(rng: Rng, name: string): string {
  return rng.pick([
    `${name} is a good friend .`,
    `${name} is so kind .`,
    `i like ${name} very much .`,
    `have a nice day , ${name} !`,
    "you are so kind .",
  ]);
}
