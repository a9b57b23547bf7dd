import { useNavigate } from "@tanstack/react-router"
import { FrontDoor } from "../component/FrontDoor.js"
import { SecondFactorSetup } from "../component/SecondFactorSetup.js"

export const SecondFactorPage = () => {
  const navigate = useNavigate()
  return (
    <FrontDoor
      title="Second factor"
      intro="Everybody here signs in with a code of an authenticator app beside the password. Set up yours to go on."
    >
      <SecondFactorSetup onDone={() => void navigate({ to: "/" })} />
    </FrontDoor>
  )
}
