import { type RefObject, useEffect, useState } from "react"

/** Whether the element is on the screen or nearly so, and the page is shown. */
export const useOnScreen = (element: RefObject<Element | null>): boolean => {
  const [near, setNear] = useState(false)
  const [shown, setShown] = useState(() => document.visibilityState === "visible")

  useEffect(() => {
    if (element.current === null) return
    const observer = new IntersectionObserver((changes) => setNear(changes.at(-1)?.isIntersecting ?? false), { rootMargin: "120px" })
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [element])

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const onChange = () => {
      clearTimeout(timer)
      if (document.visibilityState === "visible") setShown(true)
      // A short look at another window must not end the views.
      else timer = setTimeout(() => setShown(false), 30_000)
    }
    document.addEventListener("visibilitychange", onChange)
    return () => {
      clearTimeout(timer)
      document.removeEventListener("visibilitychange", onChange)
    }
  }, [])

  return near && shown
}
