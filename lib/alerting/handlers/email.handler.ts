import { expectKeys, expectOption, MonitoringOptionsError } from '../../options/option-checks.js';
import { optionOf } from '../../options/option-descriptions.js';
import { findPackage } from '../../primitives/optional-package.js';
import {
  type AlertNotification,
  NotificationError,
  type NotificationHandler,
  titleOf,
} from '../notifications/notification.js';

/** The part of a nodemailer transport that the handler uses. */
export interface MailTransport {
  /** Sends one e-mail. Rejects if the server does not accept it. */
  sendMail(mail: {
    readonly from: string;
    readonly to: string;
    readonly subject: string;
    readonly text: string;
  }): Promise<unknown>;
  /** Closes the connections. */
  close?(): void;
}

/** Options of an {@link EmailAlertHandler}. */
export interface EmailAlertHandlerOptions {
  /** Address of the sender. */
  readonly from: string;
  /** Address or addresses of the recipients. */
  readonly to: string | readonly string[];
  /** A URL such as `smtps://user:password@mail.example.com`, nodemailer options, or a transport. */
  readonly transport: string | Readonly<Record<string, unknown>> | MailTransport;
}

const OWNER = 'the options of EmailAlertHandler';

/** An alert handler that sends e-mail with `nodemailer`. */
export class EmailAlertHandler implements NotificationHandler {
  readonly name = 'email';
  private transport: Promise<MailTransport> | undefined;

  /** @throws {MonitoringOptionsError} */
  constructor(private readonly options: EmailAlertHandlerOptions) {
    expectKeys(OWNER, options, ['from', 'to', 'transport']);
    const { from, to, transport } = options;
    const recipients: readonly unknown[] = Array.isArray(to) ? to : [to];
    expectOption(optionOf(OWNER, 'from'), from, 'an e-mail address', isAddress(from));
    const hasRecipients = recipients.length > 0 && recipients.every(isAddress);
    expectOption(optionOf(OWNER, 'to'), to, 'an e-mail address or an array of at least one', hasRecipients);
    checkTransport(transport);
  }

  /**
   * Loads `nodemailer`, unless the transport is one already. Fails the start rather than the first alert.
   *
   * @throws {MonitoringOptionsError} if `nodemailer` is not installed
   */
  async open(): Promise<void> {
    try {
      await this.openTransport();
    } catch (error) {
      throw error instanceof NotificationError ? new MonitoringOptionsError(error.message) : error;
    }
  }

  async notify(notification: AlertNotification): Promise<void> {
    const transport = await this.openTransport();
    const { from, to } = this.options;
    const text = notification.alerts.map(
      ({ state, severity, message, labels, firedAt, activeAt, resolvedAt, context }) =>
        [
          `${state} (${severity}): ${message}`,
          ...(context === undefined ? [] : [`  cause: ${context.summary}`]),
          `  since ${new Date(firedAt ?? activeAt).toISOString()}${resolvedAt === undefined ? '' : ` until ${new Date(resolvedAt).toISOString()}`}`,
          ...Object.entries(labels).map(([name, value]) => `  ${name} = ${value}`),
        ].join('\n'),
    );
    try {
      await transport.sendMail({
        from,
        to: typeof to === 'string' ? to : to.join(', '),
        subject: oneLine(titleOf(notification)),
        text: text.join('\n\n'),
      });
    } catch (error) {
      const { responseCode, code } = error as { responseCode?: number; code?: string };
      // 5xx is permanent. The text of the server is not shown, since it may repeat a secret.
      const mayRetry = responseCode === undefined || responseCode < 500;
      throw new NotificationError(
        `the mail server rejected the e-mail (${responseCode ?? code ?? 'unknown'})`,
        mayRetry,
      );
    }
  }

  /** Closes the transport, including one that was passed in. */
  async close(): Promise<void> {
    const transport = await this.transport?.catch(() => undefined);
    transport?.close?.();
  }

  /** Returns the transport, which is created again if that has failed. */
  private openTransport(): Promise<MailTransport> {
    return (this.transport ??= this.createTransport().catch((error: unknown) => {
      this.transport = undefined;
      throw error;
    }));
  }

  private async createTransport(): Promise<MailTransport> {
    const { transport } = this.options;
    if (isTransport(transport)) return transport;
    const nodemailer = await loadNodemailer();
    return nodemailer.createTransport(transport);
  }
}

function isAddress(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** Checks a transport, whose value is not shown, since it contains the password of the mail server. */
function checkTransport(transport: unknown): void {
  const isUrl = typeof transport === 'string' && URL.canParse(transport) && new URL(transport).host !== '';
  if (isUrl || (typeof transport === 'object' && transport !== null && !Array.isArray(transport))) return;
  throw new MonitoringOptionsError(
    `\`transport\` of ${OWNER} must be a URL such as smtps://user:password@mail.example.com, an object of nodemailer options, or a transport. Its value may be a secret and is not shown. Check that the environment variable it is read from is set.`,
  );
}

interface Nodemailer {
  createTransport(transport: string | Readonly<Record<string, unknown>>): MailTransport;
}

async function loadNodemailer(): Promise<Nodemailer> {
  const module = await findPackage<Nodemailer & { readonly default?: Nodemailer }>('nodemailer');
  if (module !== undefined) return module.default ?? module;
  throw new NotificationError(
    'EmailAlertHandler needs the package nodemailer: npm install nodemailer',
    false,
  );
}

function isTransport(transport: EmailAlertHandlerOptions['transport']): transport is MailTransport {
  return (
    typeof transport === 'object' && typeof (transport as Partial<MailTransport>).sendMail === 'function'
  );
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}
