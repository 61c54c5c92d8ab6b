/** `usePartial()`: an answer of partwise's in a React component. */

import { useMemo, useSyncExternalStore } from "react";
import { connect, type Answer, type Options } from "./index.js";

/**
 * The answer at a URL while it is being written; a new URL is a new answer.
 * Its unchanged parts keep their identity, so components in `memo` render only where it changed.
 */
export function usePartial<T>(url: string, options?: Options): Answer<T> {
  const connection = useMemo(() => connect<T>(url, options), [url]);
  return useSyncExternalStore(connection.subscribe, connection.get, connection.get);
}
