export const CameraPage = () => null
