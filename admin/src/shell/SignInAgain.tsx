import { Modal, Text } from '@mantine/core';

import type { User } from '../api/session';
import { texts } from '../texts';
import { SignIn } from './SignIn';

const t = texts.signIn;

/** Asks to sign in again, over the page that was open when the session ended. */
export default function SignInAgain({ email, onSignedIn }: { email: string; onSignedIn: (user: User) => Promise<void> }) {
  return (
    <Modal opened onClose={() => undefined} withCloseButton={false} title={t.again} centered>
      <Text size="sm" c="dimmed" mb="md">
        {t.againHint}
      </Text>
      <SignIn email={email} onSignedIn={onSignedIn} />
    </Modal>
  );
}
