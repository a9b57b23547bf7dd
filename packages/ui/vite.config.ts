import tailwindcss from "@tailwindcss/vite"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

/** `npm run dev -w @vigil/ui` serves the page by itself and passes calls on to a Vigil server that runs here. */
const server = "http://127.0.0.1:8480"

export default defineConfig({
  plugins: [react(), tailwindcss()],
  server: { proxy: { "/api": { target: server, ws: true } } },
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } }
})
