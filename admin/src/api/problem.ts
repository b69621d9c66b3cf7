import type { components } from './schema';

export type Problem = components['schemas']['Problem'];
export type FieldError = components['schemas']['FieldError'];
export type StockError = components['schemas']['StockError'];

/** Codes that the desk makes itself, for a response that never arrived. */
type OwnCode = 'NO_ANSWER' | 'UNREADABLE';

/** A request that was refused, or that has no answer. Every error of the API is one. */
export class ApiProblem extends Error {
  override name = 'ApiProblem';
  /** The code to act on, such as `STALE_STOCK`. */
  readonly code: Problem['code'] | OwnCode;
  /** The HTTP status, or 0 if there was no answer. */
  readonly status: number;
  /** The refused fields, such as `{ field: 'lines[0].quantity', message: '…' }`. */
  readonly fields: FieldError[];
  /** Every line that is short. */
  readonly shortages: StockError[];
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;
  /** The whole answer, for members such as `current_stock`, `promises` and `open`. */
  readonly problem: Partial<Problem>;

  constructor(problem: Partial<Problem>, code: Problem['code'] | OwnCode, status: number, retryAfter: string | null = null) {
    super(problem.detail ?? problem.title ?? code);
    this.code = code;
    this.status = status;
    this.problem = problem;
    this.fields = problem.errors ?? [];
    this.shortages = problem.stock_errors ?? [];
    this.requestId = problem.request_id ?? null;
    this.retryAfterSeconds = retryAfter && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null;
  }

  /** True if the server may or may not have carried out the request. */
  get isOutcomeUnknown(): boolean {
    const isLost = this.status === 0 || this.status === 502 || this.status === 504 || this.code === 'UNREADABLE';
    return isLost || this.code === 'OUTCOME_UNKNOWN' || this.code === 'REQUEST_IN_PROGRESS';
  }

  /** True if the server did nothing and asks to try again later. */
  get isBusy(): boolean {
    return this.code === 'BUSY' || this.code === 'DATABASE_UNAVAILABLE';
  }

  static async fromResponse(response: Response): Promise<ApiProblem> {
    const retryAfter = response.headers.get('Retry-After');
    const body = await response.json().catch(() => null);
    if (body && typeof body.code === 'string') return new ApiProblem(body, body.code, response.status, retryAfter);
    return new ApiProblem({ title: response.statusText }, 'UNREADABLE', response.status, retryAfter);
  }

  static fromFailure(error: unknown): ApiProblem {
    if (error instanceof ApiProblem) return error;
    return new ApiProblem({ detail: error instanceof Error ? error.message : String(error) }, 'NO_ANSWER', 0);
  }
}
