export const ModelsPage = () => null
