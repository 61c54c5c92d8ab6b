// `usePartial` in React's strict mode, built for development: effects run twice, a URL changes, the
// component leaves. `window.seen` has each state by its URL; `window.show` says which URL is shown.
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { usePartial } from "../../../plugins/web/client/src/react";

const seen: Record<string, any[]> = {};
Object.assign(window, { seen });

function Card({ url }: { url: string }) {
  const { value, status } = usePartial<any>(url);
  (seen[url] ??= []).push({ value, status });
  return <p>{value?.title}</p>;
}

function App() {
  const [url, show] = useState<string>();
  Object.assign(window, { show });
  return url ? <Card url={url} /> : <p>nothing</p>;
}

createRoot(document.getElementById("root")!).render(<StrictMode><App /></StrictMode>);
