/** Reads an answer of partwise's over server-sent events, and applies its patches. */

/** An answer while it is being written: what has not arrived is null, or not there. */
export type Partial<T> = T extends readonly (infer E)[]
  ? Partial<E>[]
  : T extends object
    ? { [K in keyof T]?: Partial<T[K]> | null }
    : T;

/** One operation of a patch: RFC 6902, and `append`. Without a path it is that of the one before. */
export interface Operation {
  op: "add" | "replace" | "remove" | "append";
  path?: string;
  value?: unknown;
}

/** Problem details (RFC 9457). `error` is the name of the error's class at the server. */
export interface Problem {
  title: string;
  status: number;
  detail: string;
  error: string;
  [key: string]: unknown;
}

export interface Answer<T> {
  /** The answer so far. Parts that did not change are the same objects as before. */
  value: Partial<T> | undefined;
  status: "connecting" | "streaming" | "reconnecting" | "done" | "error";
  /** From 1; more after failed attempts, which were taken back. */
  attempt: number;
  /** The JSON pointer of the value that changed last: the one that is open. */
  open: string | undefined;
  /** The tokens of all attempts, once the answer is done. */
  usage: Record<string, number> | undefined;
  error: Problem | undefined;
}

export interface Options {
  /** Of `fetch`: method, headers, body, credentials. */
  request?: RequestInit;
  fetch?: typeof fetch;
  /** How often to come back in a row before giving up; 10 if not said. */
  retries?: number;
  /** Milliseconds without a byte after which a connection counts as lost; the server sends one each 15 s. */
  silence?: number;
}

export interface Connection<T> {
  get(): Answer<T>;
  /** Calls the listener after each change. The first one connects, and the last to leave ends it. */
  subscribe(listener: () => void): () => void;
}

/** The value with the patch applied, and the path of its last operation. Nothing is changed in place. */
export function applyPatch(value: unknown, patch: Operation[], path = ""): [unknown, string] {
  for (const { op, path: given, value: operand } of patch) {
    path = given ?? path;
    value = change(value, path.split("/").slice(1), op, operand);
  }
  return [value, path];
}

function change(node: any, [step, ...rest]: string[], op: string, value: any): unknown {
  if (step === undefined) {
    if (op !== "append") return merge(node, value);
    return typeof node === "string" ? node + value : [...node, ...value];
  }
  const copy: any = Array.isArray(node) ? node.slice() : { ...node };
  const key = step.replace(/~1/g, "/").replace(/~0/g, "~");
  if (rest.length || op === "append") put(copy, key, change(node[key], rest, op, value));
  else if (Array.isArray(node) && op !== "replace")
    op === "add" ? copy.splice(+key, 0, value) : copy.splice(+key, 1);
  else if (op === "remove") delete copy[key];
  else put(copy, key, merge(own(node, key), value));
  return copy;
}

const own = (node: any, key: string) => (Object.hasOwn(node, key) ? node[key] : undefined);

/** Sets a member; a key `__proto__` is one like any other. */
function put(node: any, key: string, value: unknown) {
  if (key === "__proto__")
    Object.defineProperty(node, key, { value, enumerable: true, configurable: true, writable: true });
  else node[key] = value;
}

/** The new value, made of the old one's objects where they are equal. */
function merge(old: any, value: any): any {
  if (typeof value !== "object" || typeof old !== "object" || !value || !old) return value;
  if (Array.isArray(value) !== Array.isArray(old)) return value;
  const copy: any = Array.isArray(value) ? [] : {};
  const keys = Object.keys(value);
  let same = keys.length === Object.keys(old).length;
  for (const key of keys) {
    const part = own(old, key);
    const merged = merge(part, value[key]);
    put(copy, key, merged);
    same &&= merged === part && Object.hasOwn(old, key);
  }
  return same ? old : copy;
}

/** An answer at a URL that gives partwise's server-sent events. */
export function connect<T>(url: string, options: Options = {}): Connection<T> {
  let answer: Answer<T> = {
    value: undefined, status: "connecting", attempt: 1, open: undefined, usage: undefined, error: undefined,
  };
  const listeners = new Set<() => void>();
  let abort: AbortController | undefined;
  let id = "";
  let path = "";
  let pause = 500;
  let failures = 0;

  function set(changes: { [K in keyof Answer<T>]?: Answer<T>[K] }) {
    answer = { ...answer, ...changes };
    listeners.forEach((listener) => listener());
  }

  function receive(event: string, data: any) {
    failures = 0;
    if (event === "message") {
      const [value, last] = applyPatch(answer.value, data, path);
      path = last;
      set({ value: value as Partial<T>, open: path, status: "streaming" });
    } else if (event === "attempt") set({ attempt: data.attempt, status: "streaming" });
    else if (event === "done") set({ status: "done", usage: data.usage ?? undefined, attempt: data.attempts, open: undefined });
    else if (event === "error") set({ status: "error", error: data, open: undefined });
  }

  const ended = () => answer.status === "done" || answer.status === "error";

  async function read(signal: AbortSignal) {
    const headers = new Headers(options.request?.headers);
    headers.set("accept", "text/event-stream");
    if (id) headers.set("last-event-id", id);
    const response = await (options.fetch ?? fetch)(url, { ...options.request, headers, signal });
    const { status, statusText, body } = response;
    if (status === 204) return set({ status: "done", open: undefined });
    if (!response.ok || !body) {
      const isProblem = /json/.test(response.headers.get("content-type") ?? "");
      if (status >= 500 && !isProblem) throw 0; // a proxy's, whose server is away for a moment
      const problem = await response.json().catch(() => ({}));
      const fallback = { title: statusText, status, detail: "", error: "HttpError" };
      return set({ status: "error", error: { ...fallback, ...problem } });
    }
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { done, value } = await inTime(reader.read());
      if (done) return;
      const blocks = (text + value).split("\n\n");
      text = blocks.pop()!;
      for (const block of blocks) {
        let event = "message";
        let data = "";
        for (const line of block.split("\n")) {
          const [name, rest] = [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)];
          if (name === "event") event = rest;
          else if (name === "data") data += rest;
          else if (name === "id") id = rest;
          else if (name === "retry") pause = +rest;
        }
        if (data) receive(event, JSON.parse(data));
      }
    }
  }

  /** The promise, or an error after too long a silence. */
  function inTime<R>(promise: Promise<R>): Promise<R> {
    let timer: ReturnType<typeof setTimeout>;
    const late = new Promise<never>((_, fail) => (timer = setTimeout(fail, options.silence ?? 45e3)));
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
  }

  async function run(signal: AbortSignal) {
    while (!ended() && !signal.aborted) {
      const attempt = new AbortController();
      const leave = () => attempt.abort();
      signal.addEventListener("abort", leave);
      try {
        await read(attempt.signal);
      } catch {
        // the connection was lost, or the answer is not an answer
      } finally {
        signal.removeEventListener("abort", leave);
        leave();
      }
      if (ended() || signal.aborted) return;
      if (++failures > (options.retries ?? 10)) {
        const error = { title: "No connection", status: 0, detail: `${url} does not answer`, error: "ConnectionError" };
        return set({ status: "error", error });
      }
      set({ status: answer.value === undefined ? "connecting" : "reconnecting" });
      await new Promise((resolve) => setTimeout(resolve, Math.min(pause * 2 ** (failures - 1), 8000) * (0.5 + Math.random() / 2)));
    }
  }

  return {
    get: () => answer,
    subscribe(listener) {
      listeners.add(listener);
      if (!abort && !ended()) run((abort = new AbortController()).signal);
      return () => {
        listeners.delete(listener);
        if (!listeners.size) {
          abort?.abort();
          abort = undefined;
        }
      };
    },
  };
}
