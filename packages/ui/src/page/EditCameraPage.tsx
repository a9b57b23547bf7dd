export const EditCameraPage = () => null
