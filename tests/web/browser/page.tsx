// The real clients, each shown what the server sends: `window.seen` has what each of them saw.
import { HttpAgent } from "@ag-ui/client";
import { useChat, experimental_useObject as oldUseObject, useObject as newUseObject } from "@ai-sdk/react";
import { DefaultChatTransport } from "ai";
import { memo, useEffect, useRef } from "react";
import { createRoot } from "react-dom/client";
import { z } from "zod";
import { usePartial } from "../../../plugins/web/client/src/react";

const useObject = newUseObject ?? oldUseObject;
const seen: Record<string, any> = { chat: [], object: [], agui: [], partial: [], source: [], renders: {} };
(window as any).seen = seen;
const url = (protocol: string) => `/answer?protocol=${protocol}&case=${new URLSearchParams(location.search).get("case")}`;

function Chat() {
  const { messages, sendMessage, status, error } = useChat({ transport: new DefaultChatTransport({ api: url("ai-sdk") }) });
  useEffect(() => void sendMessage({ text: "Who?" }), []);
  const last = messages.at(-1);
  seen.chatStatus = status;
  if (error) seen.chatError = error.message;
  if (last?.role === "assistant") {
    seen.chat.push(last.parts.filter((part: any) => part.type === "data-answer").map((part: any) => part.data));
    seen.chatMetadata = last.metadata;
  }
  return null;
}

function ObjectOf() {
  const { object, submit, error, isLoading } = useObject({
    api: url("text"),
    schema: z.any(),
    onFinish: (finished: any) => (seen.objectFinished = finished.object),
  });
  useEffect(() => void submit({}), []);
  if (object) seen.object.push(object);
  if (error) seen.objectError = String(error);
  return null;
}

const Row = memo(({ person }: { person: any }) => {
  seen.renders[person.name ?? ""] = (seen.renders[person.name ?? ""] ?? 0) + 1;
  return <li>{person.name}</li>;
});

function Partial() {
  const answer = usePartial<any>(url("sse"));
  const first = useRef<any>(undefined);
  seen.partial.push(answer.value);
  seen.partialState = { status: answer.status, attempt: answer.attempt, error: answer.error, usage: answer.usage };
  const people = answer.value?.people ?? [];
  if (people.length > 1) first.current ??= people[0];
  seen.keepsIdentity = first.current === people[0];
  return <ul>{people.map((person: any, index: number) => <Row key={index} person={person} />)}</ul>;
}

async function agUi() {
  const agent = new HttpAgent({ url: url("ag-ui"), threadId: "t" });
  try {
    await agent.runAgent({}, {
      onStateChanged: ({ state }: any) => void seen.agui.push(structuredClone(state)),
      onRunErrorEvent: ({ event }: any) => void (seen.aguiError = event),
    });
  } catch (error) {
    seen.aguiFailed = String(error);
  }
  seen.aguiState = agent.state;
  seen.aguiDone = true;
}

function eventSource() {
  const source = new EventSource(url("sse"));
  source.onmessage = (event) => seen.source.push(JSON.parse(event.data));
  source.addEventListener("done", (event) => {
    seen.sourceDone = JSON.parse(event.data);
    source.close();
  });
  source.addEventListener("error", (event: any) => {
    if (event.data) seen.sourceError = JSON.parse(event.data);
    source.close();
  });
}

createRoot(document.getElementById("root")!).render(<><Chat /><ObjectOf /><Partial /></>);
void agUi();
eventSource();
