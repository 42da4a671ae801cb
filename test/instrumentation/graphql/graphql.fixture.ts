import { type CanActivate, Injectable, NotFoundException, UseGuards } from '@nestjs/common';
import {
  Args,
  Field,
  Int,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { GraphQLError } from 'graphql';

@ObjectType()
export class Deal {
  @Field(() => Int)
  id!: number;

  @Field(() => String)
  title!: string;
}

@Injectable()
class RefusingGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Resolver(() => Deal)
export class DealsResolver {
  static readonly ended: string[] = [];

  @Query(() => [Deal])
  async deals(): Promise<Deal[]> {
    await Promise.resolve();
    return [
      { id: 1, title: 'one' },
      { id: 2, title: 'two' },
    ];
  }

  @Query(() => Deal)
  deal(@Args('id', { type: () => Int }) id: number): Deal {
    if (id === 404) throw new NotFoundException();
    if (id === 500) throw new GraphQLError('as planned', { extensions: { code: 'OUT_OF_STOCK' } });
    return { id, title: `deal ${id}` };
  }

  @Query(() => String)
  @UseGuards(RefusingGuard)
  guarded(): string {
    return 'never';
  }

  @Mutation(() => Deal)
  close(@Args('id', { type: () => Int }) id: number): Deal {
    return { id, title: 'closed' };
  }

  @ResolveField(() => Int)
  score(@Parent() deal: Deal): number {
    return deal.id * 10;
  }

  @Subscription(() => Int)
  async *counted(@Args('to', { type: () => Int }) to: number): AsyncGenerator<{ counted: number }> {
    for (let i = 1; i <= to; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      yield { counted: i };
    }
  }
}
