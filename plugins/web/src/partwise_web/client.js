function applyPatch(value, patch, path = "") {
  for (const { op, path: given, value: operand } of patch) {
    path = given ?? path;
    value = change(value, path.split("/").slice(1), op, operand);
  }
  return [value, path];
}
function change(node, [step, ...rest], op, value) {
  if (step === void 0) {
    if (op !== "append") return merge(node, value);
    return typeof node === "string" ? node + value : [...node, ...value];
  }
  const copy = Array.isArray(node) ? node.slice() : { ...node };
  const key = step.replace(/~1/g, "/").replace(/~0/g, "~");
  if (rest.length || op === "append") put(copy, key, change(node[key], rest, op, value));
  else if (Array.isArray(node) && op !== "replace")
    op === "add" ? copy.splice(+key, 0, value) : copy.splice(+key, 1);
  else if (op === "remove") delete copy[key];
  else put(copy, key, merge(own(node, key), value));
  return copy;
}
const own = (node, key) => Object.hasOwn(node, key) ? node[key] : void 0;
function put(node, key, value) {
  if (key === "__proto__")
    Object.defineProperty(node, key, { value, enumerable: true, configurable: true, writable: true });
  else node[key] = value;
}
function merge(old, value) {
  if (typeof value !== "object" || typeof old !== "object" || !value || !old) return value;
  if (Array.isArray(value) !== Array.isArray(old)) return value;
  const copy = Array.isArray(value) ? [] : {};
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
function connect(url, options = {}) {
  let answer = {
    value: void 0,
    status: "connecting",
    attempt: 1,
    open: void 0,
    usage: void 0,
    error: void 0
  };
  const listeners = /* @__PURE__ */ new Set();
  let abort;
  let id = "";
  let path = "";
  let pause = 500;
  let failures = 0;
  function set(changes) {
    answer = { ...answer, ...changes };
    listeners.forEach((listener) => listener());
  }
  function receive(event, data) {
    failures = 0;
    if (event === "message") {
      const [value, last] = applyPatch(answer.value, data, path);
      path = last;
      set({ value, open: path, status: "streaming" });
    } else if (event === "attempt") set({ attempt: data.attempt, status: "streaming" });
    else if (event === "done") set({ status: "done", usage: data.usage ?? void 0, attempt: data.attempts, open: void 0 });
    else if (event === "error") set({ status: "error", error: data, open: void 0 });
  }
  const ended = () => answer.status === "done" || answer.status === "error";
  async function read(signal) {
    const headers = new Headers(options.request?.headers);
    headers.set("accept", "text/event-stream");
    if (id) headers.set("last-event-id", id);
    const response = await (options.fetch ?? fetch)(url, { ...options.request, headers, signal });
    const { status, statusText, body } = response;
    if (status === 204) return set({ status: "done", open: void 0 });
    if (!response.ok || !body) {
      const isProblem = /json/.test(response.headers.get("content-type") ?? "");
      if (status >= 500 && !isProblem) throw 0;
      const problem = await response.json().catch(() => ({}));
      const fallback = { title: statusText, status, detail: "", error: "HttpError" };
      return set({ status: "error", error: { ...fallback, ...problem } });
    }
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (; ; ) {
      const { done, value } = await inTime(reader.read());
      if (done) return;
      const blocks = (text + value).split("\n\n");
      text = blocks.pop();
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
  function inTime(promise) {
    let timer;
    const late = new Promise((_, fail) => timer = setTimeout(fail, options.silence ?? 45e3));
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
  }
  async function run(signal) {
    while (!ended() && !signal.aborted) {
      const attempt = new AbortController();
      const leave = () => attempt.abort();
      signal.addEventListener("abort", leave);
      try {
        await read(attempt.signal);
      } catch {
      } finally {
        signal.removeEventListener("abort", leave);
        leave();
      }
      if (ended() || signal.aborted) return;
      if (++failures > (options.retries ?? 10)) {
        const error = { title: "No connection", status: 0, detail: `${url} does not answer`, error: "ConnectionError" };
        return set({ status: "error", error });
      }
      set({ status: answer.value === void 0 ? "connecting" : "reconnecting" });
      await new Promise((resolve) => setTimeout(resolve, Math.min(pause * 2 ** (failures - 1), 8e3) * (0.5 + Math.random() / 2)));
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
          abort = void 0;
        }
      };
    }
  };
}
export {
  applyPatch,
  connect
};
