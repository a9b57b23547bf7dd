import { Link } from "@tanstack/react-router"
import { buttonClass } from "../component/Button.js"
import { Empty } from "../component/Empty.js"

export const NotFoundPage = () => (
  <Empty icon="alert" title="There is no such page">
    <p>The address may be mistyped, or what it showed was removed.</p>
    <Link to="/" className={buttonClass("primary")}>
      To the dashboard
    </Link>
  </Empty>
)
