/**
 * A value that costs work and is kept: callers at the same time share the work. A failure is not
 * kept. A refresh never gives the outcome of work that began before it.
 */
export class SharedWork<T> {
  readonly #make: () => Promise<T>;
  #kept: { readonly value: T } | undefined;
  #running: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  constructor(make: () => Promise<T>) {
    this.#make = make;
  }

  async get(refresh: boolean): Promise<T> {
    if (!refresh) return this.#kept ? this.#kept.value : (this.#running ?? this.#run());
    if (!this.#running) return this.#run();
    this.#next ??= this.#running.then(
      () => this.#run(),
      () => this.#run(),
    );
    return this.#next;
  }

  #run(): Promise<T> {
    this.#next = undefined;
    const running = this.#work().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #work(): Promise<T> {
    const value = await this.#make();
    this.#kept = { value };
    return value;
  }
}
