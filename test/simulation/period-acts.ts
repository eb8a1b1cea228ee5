/** The last month of a fiscal year that lies before every day that the programme writes about: `YYYY-MM`. */
export function monthBeforeAll(businessDate: string): string {
  const [year = 0, month = 0] = businessDate.split('-').map(Number);
  const at = new Date(Date.UTC(year, month - 1 - 30, 1));
  // Fiscal years end with December.
  return `${at.getUTCFullYear() - (at.getUTCMonth() === 11 ? 0 : 1)}-12`;
}
