import { useCallback, useSyncExternalStore } from "react"

/** Values by key; a component that follows one key is not drawn again when others change. */
export interface KeyedStore<K, V> {
  readonly get: (key: K) => V | undefined
  /** The same object until something changes. Those who follow all are told a moment later, once of many changes. */
  readonly all: () => ReadonlyMap<K, V>
  readonly set: (key: K, value: V) => void
  readonly subscribe: (key: K, listener: () => void) => () => void
  readonly subscribeAll: (listener: () => void) => () => void
}

/** Milliseconds over which changes are gathered for those who follow all: thousands of cameras report every few seconds. */
const gathering = 100

export const makeKeyedStore = <K, V>(): KeyedStore<K, V> => {
  const values = new Map<K, V>()
  let all: ReadonlyMap<K, V> = new Map()
  let timer: ReturnType<typeof setTimeout> | undefined
  const byKey = new Map<K, Set<() => void>>()
  const forAll = new Set<() => void>()
  return {
    get: (key) => values.get(key),
    all: () => all,
    set: (key, value) => {
      values.set(key, value)
      for (const listener of byKey.get(key) ?? []) listener()
      timer ??= setTimeout(() => {
        timer = undefined
        all = new Map(values)
        for (const listener of forAll) listener()
      }, gathering)
    },
    subscribe: (key, listener) => {
      const listeners = byKey.get(key) ?? new Set()
      byKey.set(key, listeners.add(listener))
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0 && byKey.get(key) === listeners) byKey.delete(key)
      }
    },
    subscribeAll: (listener) => {
      forAll.add(listener)
      return () => forAll.delete(listener)
    }
  }
}

export const useKey = <K, V>(store: KeyedStore<K, V>, key: K): V | undefined =>
  useSyncExternalStore(
    useCallback((listener) => store.subscribe(key, listener), [store, key]),
    () => store.get(key)
  )

export const useAll = <K, V>(store: KeyedStore<K, V>): ReadonlyMap<K, V> => useSyncExternalStore(store.subscribeAll, store.all)
