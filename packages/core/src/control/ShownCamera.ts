import { Camera } from "../Camera.js"
import { displayUrl } from "../SourceUrl.js"
import { permits, type User } from "../User.js"

/** Some makers take a password in the address: whoever may not change cameras sees stars in its place. */
export const shownCamera =
  ({ role }: User) =>
  (camera: Camera): Camera => {
    if (permits(role, "supervisor")) return camera
    const url = displayUrl(camera.url)
    return url === camera.url ? camera : Camera.make({ ...camera, url })
  }
