import { Alert, Anchor, Box, Button, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState, type FormEvent } from 'react';

import { client } from '../api/client';
import { ApiProblem } from '../api/problem';
import type { User } from '../api/session';
import { texts } from '../texts';
import { messageOf } from '../ui/states';
import icon from './icon.svg';
import classes from './SignIn.module.css';

const t = texts.signIn;

export default function SignInPage({ onSignedIn }: { onSignedIn: (user: User) => Promise<void> }) {
  const [isForgotten, setIsForgotten] = useState(false);
  return (
    <main className={classes.page}>
      <title>{`${t.title} · ${texts.common.appName}`}</title>
      <div className={`panel ${classes.card}`}>
        <div className={classes.brand}>
          <img src={icon} alt="" width={36} height={36} />
          <span>{texts.common.appName}</span>
        </div>
        <Title order={1}>{isForgotten ? t.forgot : t.title}</Title>
        {isForgotten ? (
          <Forgotten onBack={() => setIsForgotten(false)} />
        ) : (
          <>
            <SignIn onSignedIn={onSignedIn} />
            <Anchor component="button" type="button" size="sm" onClick={() => setIsForgotten(true)}>
              {t.forgot}
            </Anchor>
          </>
        )}
      </div>
    </main>
  );
}

/** The form, which also asks to sign in again when a session has ended. */
export function SignIn({ email: known, onSignedIn }: { email?: string; onSignedIn: (user: User) => Promise<void> }) {
  const [email, setEmail] = useState(known ?? '');
  const [password, setPassword] = useState('');
  const { problem, isBusy, run } = useAttempt();

  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      const { data } = await client.POST('/auth/session', {
        params: { header: { 'X-Requested-With': 'desk' } },
        body: { email, password },
      });
      if (data) await onSignedIn(data.user);
    });
  };

  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        {problem && <Alert color="red" role="alert">{problem.code === 'INVALID_CREDENTIALS' ? t.wrong : messageOf(problem)}</Alert>}
        <TextInput
          label={t.email}
          type="email"
          name="email"
          autoComplete="username"
          required
          withAsterisk={false}
          data-autofocus={known === undefined || undefined}
          autoFocus={known === undefined}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label={t.password}
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          data-autofocus={known !== undefined || undefined}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" loading={isBusy} fullWidth mt="xs">
          {t.submit}
        </Button>
      </Stack>
    </form>
  );
}

function Forgotten({ onBack }: { onBack: () => void }) {
  const [email, setEmail] = useState('');
  const [isSent, setIsSent] = useState(false);
  const { problem, isBusy, run } = useAttempt();

  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      await client.POST('/auth/password/forgot', { body: { email } });
      setIsSent(true);
    });
  };

  return (
    <Box component="form" onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed" role={isSent ? 'status' : undefined}>
          {isSent ? t.forgotDone : t.forgotHint}
        </Text>
        {problem && <Alert color="red" role="alert">{messageOf(problem)}</Alert>}
        {!isSent && (
          <>
            <TextInput
              label={t.email}
              type="email"
              autoComplete="username"
              required
              withAsterisk={false}
              autoFocus
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            <Button type="submit" loading={isBusy}>
              {t.forgotSubmit}
            </Button>
          </>
        )}
        <Anchor component="button" type="button" size="sm" onClick={onBack}>
          {t.backToSignIn}
        </Anchor>
      </Stack>
    </Box>
  );
}

function useAttempt() {
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const run = async (attempt: () => Promise<void>) => {
    setIsBusy(true);
    setProblem(null);
    try {
      await attempt();
    } catch (error) {
      setProblem(ApiProblem.fromFailure(error));
    }
    setIsBusy(false);
  };
  return { problem, isBusy, run };
}
