export class C { n = $state(1); d = $derived(this.n*2); }
