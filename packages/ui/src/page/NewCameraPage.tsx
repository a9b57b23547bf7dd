export const NewCameraPage = () => null
