import { client, type Schemas } from './client';
import { ApiProblem } from './problem';

/** What a scanned code names, or null if it names nothing. */
export async function findCode(code: string): Promise<Schemas['ScanResponse'] | null> {
  try {
    const { data } = await client.GET('/inventory/scan/{code}', { params: { path: { code } } });
    return data ?? null;
  } catch (error) {
    if (error instanceof ApiProblem && (error.status === 404 || error.status === 422)) return null;
    throw error;
  }
}
