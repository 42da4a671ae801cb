import type { Page } from 'playwright-core';

/** The name of the page of the DevTools without a target, in which somebody opens a file. */
export const DEV_TOOLS = 'devtools://devtools/bundled/js_app.html';

/** A page of the DevTools of Chromium. */
export class DevTools {
  constructor(private readonly page: Page) {}

  /**
   * Opens a profile by the button of its panel.
   *
   * @returns the rows of its table as text, as soon as one of them contains a text
   */
  async rowsOf(file: string, text: string): Promise<string[]> {
    if (file.endsWith('.cpuprofile')) await this.openInPerformance(file);
    else await this.openInMemory(file);
    await this.page.getByRole('row').filter({ hasText: text }).first().waitFor();
    return this.page.getByRole('row').allTextContents();
  }

  private async openInPerformance(file: string): Promise<void> {
    const { page } = this;
    await page.getByRole('tab', { name: 'Performance', exact: true }).click();
    await page.locator('input[type=file]').setInputFiles(file);
    // The first profile of a new user comes with the help for its keys.
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await page.getByRole('tab', { name: 'Bottom-up' }).click();
  }

  private async openInMemory(file: string): Promise<void> {
    const { page } = this;
    await page.getByRole('tab', { name: 'Memory', exact: true }).click();
    await page.locator('input[type=file]').setInputFiles(file);
    // Its size, or that it is loaded, is the last text of the profile.
    await page
      .getByRole('treeitem')
      .filter({ hasText: /B\)$|Loaded\)$/ })
      .click();
  }
}
