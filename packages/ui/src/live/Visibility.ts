import { type RefObject, useEffect, useState } from "react"

/** Whether the element is on the screen or nearly so (`margin` in CSS), and the page is shown. */
export const useOnScreen = (element: RefObject<Element | null>, margin = "120px"): boolean => {
  const [near, setNear] = useState(false)
  const [shown, setShown] = useState(() => document.visibilityState === "visible")

  useEffect(() => {
    if (element.current === null) return
    const observer = new IntersectionObserver((changes) => setNear(changes.at(-1)?.isIntersecting ?? false), {
      rootMargin: margin
    })
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [element, margin])

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

/** True while `now` is, and for so many milliseconds longer: a camera that is gone for a moment keeps its live view. */
export const useLinger = (now: boolean, milliseconds: number): boolean => {
  const [held, setHeld] = useState(now)
  useEffect(() => {
    if (now) {
      setHeld(true)
      return
    }
    const timer = setTimeout(() => setHeld(false), milliseconds)
    return () => clearTimeout(timer)
  }, [now, milliseconds])
  return now || held
}
