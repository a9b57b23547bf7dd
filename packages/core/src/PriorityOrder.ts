/** All priorities, most urgent first. Apart from their schema, so that media workers can order jobs without loading Effect. */
export const priorities = ["CRITICAL", "HIGH", "MEDIUM", "STANDARD"] as const

/** 0 for the most urgent; smaller runs first. */
export const rank = (priority: (typeof priorities)[number]): number => priorities.indexOf(priority)
