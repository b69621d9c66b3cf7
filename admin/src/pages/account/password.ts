import { client, type Schemas } from '../../api/client';
import { ApiProblem } from '../../api/problem';

/** True if the server says that the current password is another one. */
function isWrongPassword(problem: ApiProblem): boolean {
  return problem.fields.some(({ field }) => field === 'current_password');
}

/**
 * Finds out whether the password was changed by a request whose answer was lost. The operation takes no `Idempotency-Key`:
 * after the change, the same request is refused, because its current password is the one before. If the new password is
 * accepted as the current one, the change was made.
 */
export async function wasPasswordChanged({ body }: { body: Schemas['ChangePasswordRequest'] }, refusal: ApiProblem): Promise<boolean> {
  if (!isWrongPassword(refusal)) return false;
  const { new_password } = body;
  try {
    await client.POST('/auth/password', { body: { current_password: new_password, new_password } });
    return true;
  } catch (error) {
    if (isWrongPassword(ApiProblem.fromFailure(error))) return false;
    // Such as too many attempts in a minute.
    throw new ApiProblem({}, 'OUTCOME_UNKNOWN', 503);
  }
}
