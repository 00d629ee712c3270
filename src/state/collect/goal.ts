// How many sets a person wants to judge, kept in this browser, and how long that will take at their pace.
import { recall, remember } from "../settings.svelte.ts";

const keyOf = (project: string, annotator: string): string => `goal.${project}.${annotator}`;

/** The goal of one person in one project; 0 for none. */
export function recallGoal(project: string, annotator: string): number {
  const goal = Number(recall(keyOf(project, annotator)) ?? 0);
  return Number.isSafeInteger(goal) && goal > 0 ? goal : 0;
}

/** @param goal judgements in all; 0 takes the goal away */
export function rememberGoal(project: string, annotator: string, goal: number): void {
  remember(keyOf(project, annotator), String(goal));
}

/** Judgements after which a pace can be told. */
const LEAST = 3;

/**
 * Seconds of attention that the rest takes, or null while that cannot be told.
 * @param attention milliseconds of attention so far
 */
export function secondsLeft(done: number, attention: number, wanted: number): number | null {
  const left = wanted - done;
  return done < LEAST || attention <= 0 || left <= 0 ? null : (left * attention) / done / 1000;
}
