import { QueryClient, QueryClientProvider } from "@tanstack/react-query"
import { RouterProvider } from "@tanstack/react-router"
import { createRoot } from "react-dom/client"
import { makeRouter } from "./Router.js"
import "./style.css"

const root = document.getElementById("root")
if (root === null) throw new Error("index.html has no #root")

// A Vigil server is often reached without the internet: only its own answers tell whether there is a connection.
const queries = new QueryClient({
  defaultOptions: {
    queries: { networkMode: "always", retry: 1, staleTime: 10_000 },
    mutations: { networkMode: "always" }
  }
})

createRoot(root).render(
  <QueryClientProvider client={queries}>
    <RouterProvider router={makeRouter(queries)} />
  </QueryClientProvider>
)
