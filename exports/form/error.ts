/** A form that cannot be filled; the message names sheet, cell and placeholder, the advice says what to do. */
export class FormError extends Error {
  override readonly name = 'FormError';
  readonly advice: string;

  constructor(message: string, advice: string, options?: ErrorOptions) {
    super(message, options);
    this.advice = advice;
  }
}
